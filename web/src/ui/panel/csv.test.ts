import { expect, test } from 'vitest'
import { csvOf } from './csv'

const rows = (csv: string): string[] => csv.slice(1).split('\r\n').slice(0, -1)

test('names of every direction come out whole, and with the mark that spreadsheets want', () => {
  const csv = csvOf(['Site', 'AED'], [['جناح 12 "البخور"', 12.5], ['غرفه شماره ۳، طرق', -3], ['Stall, north', 0]])
  expect(csv.codePointAt(0)).toBe(0xfeff)
  expect(rows(csv)).toEqual(['Site,AED', '"جناح 12 ""البخور""",12.5', 'غرفه شماره ۳، طرق,-3', '"Stall, north",0'])
})

test('what somebody typed is no formula', () => {
  expect(rows(csvOf([], [['=1+1', '+1', '-1', '@x', '\tx', 'a=b', -1]]))[1]).toBe("'=1+1,'+1,'-1,'@x,'\tx,a=b,-1")
})
