import { scaleBand, scaleLinear } from 'd3-scale'

export interface Bar {
  key: string
  label: string
  value: number
}

export interface Laid {
  key: string
  x: number
  y: number
  width: number
  height: number
  middle: number
  labelled: boolean
}

// lay places bars in a box: time runs in reading direction, the axis stands where
// reading begins, the first and the last bar always have their label.
export function lay(bars: Bar[], width: number, height: number, gutter: number, rtl: boolean): { bars: Laid[]; ticks: { value: number; y: number }[] } {
  const most = Math.max(1, ...bars.map((b) => b.value))
  const y = scaleLinear().domain([0, most]).nice(4).range([height, 0])
  const range: [number, number] = rtl ? [width - gutter, 0] : [gutter, width]
  const x = scaleBand().domain(bars.map((b) => b.key)).range(range).paddingInner(0.25).paddingOuter(0.1)
  const band = Math.min(x.bandwidth(), 56)
  const every = Math.max(1, Math.ceil(64 / Math.max(1, x.step())))
  const last = bars.length - 1
  return {
    bars: bars.map((b, i) => {
      const middle = x(b.key)! + x.bandwidth() / 2
      return { key: b.key, x: middle - band / 2, y: y(Math.max(0, b.value)), width: band, height: height - y(Math.max(0, b.value)), middle, labelled: i === last || (i % every === 0 && last - i >= every) }
    }),
    ticks: y.ticks(4).map((value) => ({ value, y: y(value) })),
  }
}

// nearest is the key of the bar that a finger meant.
export function nearest(bars: Laid[], x: number): string | undefined {
  return bars.toSorted((a, b) => Math.abs(a.middle - x) - Math.abs(b.middle - x))[0]?.key
}
