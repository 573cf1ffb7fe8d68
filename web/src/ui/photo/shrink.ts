// A photo as pages keep it: small enough that a stall on a weak line has those of all its
// goods within a minute.
export const longest = 320 // px
export const mostBytes = 20_000

// sizeOf fits a picture into longest, and never makes it larger.
export function sizeOf(width: number, height: number, most = longest): [number, number] {
  const by = Math.min(1, most / Math.max(width, height))
  return [Math.max(1, Math.round(width * by)), Math.max(1, Math.round(height * by))]
}

// shrink draws a picture on a canvas and gives it as a WebP of at most mostBytes; what is
// no picture that this browser reads throws. What a camera wrote beside it, such as where
// it was taken, does not come along.
export async function shrink(file: Blob, canvas: HTMLCanvasElement): Promise<Blob> {
  const picture = await createImageBitmap(file)
  for (let most = longest; ; most /= 2) {
    const [width, height] = sizeOf(picture.width, picture.height, most)
    canvas.width = width
    canvas.height = height
    canvas.getContext('2d')!.drawImage(picture, 0, 0, width, height)
    for (const quality of [0.8, 0.6, 0.4]) {
      const b = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/webp', quality))
      if (!b) throw new Error('the browser writes no picture')
      if (b.size <= mostBytes) {
        picture.close()
        return b
      }
    }
  }
}
