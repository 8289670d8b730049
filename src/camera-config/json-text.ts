/** JSON with comments as text: read with the place of every mistake, changed without touching what stands around a value. */

import { applyEdits, findNodeAtLocation, modify, type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser'
import type { Place } from './check.js'

/** Counted from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

export interface Mistake extends Position {
  readonly text: string
}

export interface JsonText {
  /** Undefined when there are mistakes. */
  readonly value: unknown
  readonly mistakes: readonly Mistake[]
  /** Where a value begins, or the innermost value around it that is there. */
  positionOf(place: Place): Position
}

/** Put a value at a place, add an element at the end of an array (its length as the last part), or remove one (`value: undefined`). */
export interface Edit {
  readonly place: Place
  readonly value: unknown
  readonly isNew?: true
}

const FORMAT = { insertSpaces: true, tabSize: 2, eol: '\n' }

/** Never throws. A key that is there twice is a mistake: readers differ on which one counts. */
export function readJsonText(withMark: string): JsonText {
  const text = withMark.replace(/^\uFEFF/, '')
  const errors: ParseError[] = []
  const mistakes: Mistake[] = []
  let root: Node | undefined
  let value: unknown
  try {
    root = parseTree(text, errors, { disallowComments: false, allowTrailingComma: false, allowEmptyContent: false })
    mistakes.push(...errors.map(({ error, offset }) => ({ ...at(text, offset), text: words(printParseErrorCode(error)) })))
    if (root === undefined && mistakes.length === 0) mistakes.push({ line: 1, column: 1, text: 'the file is empty' })
    if (root !== undefined && mistakes.length === 0) value = plainValue(root, text, mistakes)
  } catch (thrown) {
    // The parser descends by calls: what is nested ten thousand deep ends its stack.
    if (!(thrown instanceof RangeError)) throw thrown
    mistakes.push({ line: 1, column: 1, text: 'nested too deeply' })
  }
  return {
    value: mistakes.length === 0 ? value : undefined,
    mistakes,
    positionOf(place) {
      for (let length = place.length; length > 0 && root !== undefined; length--) {
        const found = findNodeAtLocation(root, place.slice(0, length))
        if (found !== undefined) return at(text, found.offset)
      }
      return at(text, root?.offset ?? 0)
    },
  }
}

/** The text with the edits made one after the other. The text must hold no mistakes. */
export function editJsonText(text: string, edits: readonly Edit[]): string {
  let edited = text.replace(/^\uFEFF/, '')
  for (const { place, value, isNew } of edits) {
    const options = { formattingOptions: FORMAT, ...(isNew && { isArrayInsertion: true }) }
    edited = value === undefined ? withoutElement(edited, place) : applyEdits(edited, modify(edited, [...place], value, options))
  }
  return edited
}

/** The library's own removal of the last of several elements counts on white space behind it and takes a bracket where there is none. */
function withoutElement(text: string, place: Place): string {
  const root = parseTree(text)
  const element = root && findNodeAtLocation(root, [...place])
  const siblings = element?.parent?.children ?? []
  if (element === undefined) return text
  const index = siblings.indexOf(element)
  const [before, after] = [siblings[index - 1], siblings[index + 1]]
  const from = before === undefined || after !== undefined ? element.offset : before.offset + before.length
  const to = after === undefined ? element.offset + element.length : after.offset
  return text.slice(0, from) + text.slice(to)
}

/** Objects without prototype: a key named `__proto__` is a key like any other. */
function plainValue(node: Node, text: string, mistakes: Mistake[]): unknown {
  if (node.type === 'array') return (node.children ?? []).map((child) => plainValue(child, text, mistakes))
  if (node.type !== 'object') return node.value
  const object: Record<string, unknown> = Object.create(null)
  for (const { children } of node.children ?? []) {
    const [name, member] = children ?? []
    if (name === undefined || member === undefined) continue
    const key = String(name.value)
    if (Object.hasOwn(object, key)) mistakes.push({ ...at(text, name.offset), text: `${JSON.stringify(key)} is there twice` })
    object[key] = plainValue(member, text, mistakes)
  }
  return object
}

function at(text: string, offset: number): Position {
  const before = text.slice(0, offset)
  const lineStart = before.lastIndexOf('\n') + 1
  return { line: before.split('\n').length, column: offset - lineStart + 1 }
}

/** `PropertyNameExpected` → `property name expected`. */
function words(code: string): string {
  return code.replace(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter}`).toLowerCase()
}
