// A table as a file for spreadsheets: UTF-8 with its mark, so that they read Arabic; and
// nothing that somebody typed is taken for a formula.
export type Cell = string | number

const mark = String.fromCodePoint(0xfeff)

export function csvOf(head: string[], rows: Cell[][]): string {
  return mark + [head, ...rows].map((row) => row.map(cell).join(',')).join('\r\n') + '\r\n'
}

function cell(c: Cell): string {
  if (typeof c === 'number') return String(c)
  const safe = /^[=+\-@\t\r]/.test(c) ? `'${c}` : c
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

// save hands a file to the browser.
export function save(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/csv' }))
  const a = document.createElement('a')
  a.href = url
  a.download = name
  a.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000) // once the browser has taken it
}
