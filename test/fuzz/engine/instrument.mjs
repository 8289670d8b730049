// Puts a counter at the beginning of each branch of a program, so that the fuzzer sees which inputs reach something new.
import { parseAst } from 'rolldown/parseAst'

const STATEMENT_BODIES = {
  IfStatement: ['consequent', 'alternate'],
  ForStatement: ['body'],
  ForInStatement: ['body'],
  ForOfStatement: ['body'],
  WhileStatement: ['body'],
  DoWhileStatement: ['body'],
}
const EXPRESSION_BODIES = { ConditionalExpression: ['consequent', 'alternate'], LogicalExpression: ['right'] }

/** The same program, whose counters are `globalThis.fuzzCounters`, a Uint8Array made when it is loaded. */
export function instrument(code) {
  const opening = []
  const closing = []
  let counters = 0
  const count = () => `fuzzCounters[${counters++}]++`
  const wrap = (node, before, after) => {
    opening.push({ at: node.start, text: before })
    return () => closing.push({ at: node.end, text: after })
  }

  const wrapped = (node, parent) => {
    if (node.type === 'BlockStatement') {
      opening.push({ at: node.start + 1, text: `${count()};` })
    } else if (node.type === 'SwitchCase' && node.consequent.length > 0) {
      opening.push({ at: node.consequent[0].start, text: `${count()};` })
    } else if (STATEMENT_BODIES[parent?.type]?.some((name) => parent[name] === node)) {
      return wrap(node, `{${count()};`, '}')
    } else if (
      EXPRESSION_BODIES[parent?.type]?.some((name) => parent[name] === node) ||
      (parent?.type === 'ArrowFunctionExpression' && parent.body === node)
    ) {
      return wrap(node, `(${count()},`, ')')
    }
    return undefined
  }

  const visit = (node, parent) => {
    const close = wrapped(node, parent)
    for (const value of Object.values(node)) {
      for (const child of Array.isArray(value) ? value : [value]) {
        if (child !== null && typeof child === 'object' && typeof child.type === 'string') visit(child, node)
      }
    }
    close?.()
  }
  visit(parseAst(code), undefined)

  // What is open outside opens first and closes last; at one place, what ends comes before what begins.
  const insertions = [...closing, ...opening].sort((a, b) => a.at - b.at)
  let text = ''
  let from = 0
  for (const { at, text: inserted } of insertions) {
    text += code.slice(from, at) + inserted
    from = at
  }
  return `globalThis.fuzzCounters = new Uint8Array(${counters});\nconst fuzzCounters = globalThis.fuzzCounters;\n${text}${code.slice(from)}`
}
