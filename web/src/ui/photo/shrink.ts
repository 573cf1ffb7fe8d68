// A photo as pages keep it: small enough that a stall on a weak line has those of all its
// goods within a minute.
export const longest = 320 // px
export const mostBytes = 20_000
// What a camera makes is smaller; a cheap tablet has no memory to open much more.
export const mostRead = 30_000_000 // bytes

export class TooLarge extends Error {}

// sizeOf fits a picture into longest, and never makes it larger.
export function sizeOf(width: number, height: number, most = longest): [number, number] {
  const by = Math.min(1, most / Math.max(width, height))
  return [Math.max(1, Math.round(width * by)), Math.max(1, Math.round(height * by))]
}

// shrink draws a picture on a canvas and gives it as one of at most mostBytes; what is
// no picture that this browser reads throws. What a camera wrote beside it, such as where
// it was taken, does not come along.
export async function shrink(file: Blob, canvas: HTMLCanvasElement): Promise<Blob> {
  if (file.size > mostRead) throw new TooLarge()
  const picture = await createImageBitmap(file)
  for (let most = longest; ; most /= 2) {
    const [width, height] = sizeOf(picture.width, picture.height, most)
    canvas.width = width
    canvas.height = height
    const d = canvas.getContext('2d')!
    d.imageSmoothingQuality = 'high'
    d.fillStyle = 'white' // a JPEG has nothing to see through
    d.fillRect(0, 0, width, height)
    d.drawImage(picture, 0, 0, width, height)
    for (const quality of [0.8, 0.6, 0.4]) {
      const b = await packed(canvas, quality)
      if (b.size <= mostBytes) {
        picture.close()
        return b
      }
    }
  }
}

// packed gives a WebP, or a JPEG where a browser writes none.
async function packed(canvas: HTMLCanvasElement, quality: number): Promise<Blob> {
  for (const type of ['image/webp', 'image/jpeg']) {
    const b = await new Promise<Blob | null>((done) => canvas.toBlob(done, type, quality))
    if (b?.type === type) return b
  }
  throw new Error('the browser writes no picture')
}
