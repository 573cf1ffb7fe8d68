// Text as people search by it, folded as the programs fold it (schema.Fold; both are held to
// syncproto/schema/testdata/fold.json): spellings of alef, yeh,
// kaf and heh, vowel signs, half-spaces and kinds of digits do not matter.
const same: Record<string, string> = {
  '\u0623': '\u0627', '\u0625': '\u0627', '\u0622': '\u0627', '\u0671': '\u0627',
  '\u0649': '\u06cc', '\u064a': '\u06cc', '\u0626': '\u06cc', '\u0643': '\u06a9',
  '\u0629': '\u0647', '\u06c0': '\u0647', '\u0624': '\u0648',
}

// digits writes the digits of Arabic and Persian as ASCII does.
export function digits(s: string): string {
  return s.replace(/[\u0660-\u0669]/g, (d) => String(d.charCodeAt(0) - 0x660)).replace(/[\u06f0-\u06f9]/g, (d) => String(d.charCodeAt(0) - 0x6f0))
}

export function fold(s: string): string {
  return digits(
    s
      .normalize('NFKD')
      .replace(/[\p{Mn}\u0640\u200c-\u200f]|(?!\t)\p{Cc}/gu, '')
      .replace(/[\u0622-\u0626\u0629\u0643\u0649\u064a\u0671\u06c0]/g, (c) => same[c] ?? c)
      .replace(/./gsu, (c) => c.toLowerCase()) // one by one: of no language, and the same at the end of a word
      .normalize('NFC'),
  )
    .replace(/[^\S\ufeff]+/g, ' ')
    .replace(/^ | $/g, '')
}
