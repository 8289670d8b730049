/** Lines that MediaMTX runs for us, said so that it understands what was meant. Pure. */

/**
 * A hook line for one program and its arguments. MediaMTX splits it like a shell and expands `$` even inside quotes, with no
 * way to escape it, so what cannot be said safely is refused. Returns `undefined` then.
 */
export function hookLine(words: readonly string[]): string | undefined {
  // Printable ASCII without quote, dollar, backslash and backtick.
  if (words.some((word) => word === '' || !/^[\x20-\x7e]+$/.test(word) || /['"$\\`]/.test(word))) return undefined
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`)).join(' ')
}
