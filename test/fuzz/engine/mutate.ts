/** Another input made of those that are known. */

/** From 0 to `below`, excluded. */
export type Dice = (below: number) => number

const MAX_BYTES = 16 * 1024
const MAX_CHANGES = 6
/** Bytes and numbers at which parsers turn. */
const BYTES = Buffer.from('\0\x01\x1f "\'%+,-./09:;<=>?@AZ[\\]^_`az{|}~\x7f\x80\xbf\xc0\xc2\xed\xff', 'latin1')
const NUMBERS = [
  '0',
  '-0',
  '-1',
  '1e3',
  '1e999',
  '255',
  '256',
  '65535',
  '65536',
  '2147483648',
  '4294967296',
  '9007199254740993',
  '0.1',
]

export function mutate(parent: Buffer, other: Buffer, words: readonly Buffer[], dice: Dice): Buffer {
  let input = parent
  for (let changes = 1 + dice(MAX_CHANGES); changes > 0; changes--) input = change(input, other, words, dice)
  return input.length > MAX_BYTES ? input.subarray(0, MAX_BYTES) : input
}

function change(input: Buffer, other: Buffer, words: readonly Buffer[], dice: Dice): Buffer {
  const at = dice(input.length + 1)
  const length = 1 + dice(dice(4) === 0 ? input.length + 1 : 8)
  switch (dice(9)) {
    case 0:
      return replaced(input, at, 1, Buffer.of(dice(256)))
    case 1:
      return replaced(input, at, dice(2), BYTES.subarray(dice(BYTES.length)).subarray(0, 1))
    case 2:
      return replaced(input, at, 1, Buffer.of((input[at] ?? 0) ^ (1 << dice(8))))
    case 3:
      return replaced(input, at, length, Buffer.alloc(0))
    case 4:
      return replaced(input, at, 0, input.subarray(at, at + length))
    case 5: {
      const from = dice(other.length + 1)
      return replaced(input, at, dice(2) * length, other.subarray(from, from + length))
    }
    case 6:
      return withNumber(input, at, dice)
    default: {
      const word = words[dice(words.length)]
      return word === undefined ? replaced(input, at, length, Buffer.alloc(0)) : replaced(input, at, dice(2) * word.length, word)
    }
  }
}

/** Another number in place of the next one. */
function withNumber(input: Buffer, from: number, dice: Dice): Buffer {
  let at = from
  while (at < input.length && !isDigit(input[at])) at += 1
  let end = at
  while (isDigit(input[end])) end += 1
  return replaced(input, at, end - at, Buffer.from(NUMBERS[dice(NUMBERS.length)] ?? '0'))
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39
}

function replaced(input: Buffer, at: number, length: number, piece: Uint8Array): Buffer {
  return Buffer.concat([input.subarray(0, at), piece, input.subarray(at + length)])
}
