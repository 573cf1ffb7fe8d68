// Ids of what a page records: UUIDv7, so that they sort by time, with the last 16 bits 0
// (the programs keep those for the rows that hang on a record). getRandomValues works on
// plain http too; randomUUID does not.

let lastTime = 0
let count = 0

export function newID(now: number = Date.now()): string {
  // Two in one millisecond keep their order by a counter of 12 bits; past it, time is borrowed.
  if (now <= lastTime) {
    if (++count > 0xfff) {
      count = 0
      lastTime++
    }
  } else {
    lastTime = now
    count = 0
  }
  const random = crypto.getRandomValues(new Uint8Array(6))
  random[0] = (random[0]! & 0x3f) | 0x80
  const hex = lastTime.toString(16).padStart(12, '0') + '7' + count.toString(16).padStart(3, '0') + Array.from(random, (b) => b.toString(16).padStart(2, '0')).join('') + '0000'
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
