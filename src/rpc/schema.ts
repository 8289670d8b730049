/** The one door to TypeBox. Checks are compiled at first use, and the compiler is loaded only then. */

import { createRequire } from 'node:module'
import { type Static, type TObject, type TSchema, Type } from '@sinclair/typebox'

export { type TObject, type TSchema, Type }

export interface Check {
  passes(value: unknown): boolean
  /** JSON pointer of the first fault, such as `/device`; undefined when the value passes. */
  firstFault(value: unknown): string | undefined
}

/** The type behind a schema, as nobody's to change. */
export type Shape<Schema extends TSchema> = DeepReadonly<Static<Schema>>

type DeepReadonly<Value> = Value extends readonly (infer Entry)[]
  ? readonly DeepReadonly<Entry>[]
  : Value extends object
    ? { readonly [Name in keyof Value]: DeepReadonly<Value[Name]> }
    : Value

type Compiler = typeof import('@sinclair/typebox/compiler')

const require = createRequire(import.meta.url)

export function compileCheck(schema: TSchema): Check {
  const { TypeCompiler } = require('@sinclair/typebox/compiler') as Compiler
  const compiled = TypeCompiler.Compile(schema)
  return {
    passes: (value) => compiled.Check(value),
    firstFault: (value) => compiled.Errors(value).First()?.path,
  }
}

/** A closed set of words. */
export function words<const Word extends string>(values: readonly Word[], options: { readonly description?: string } = {}) {
  return Type.Unsafe<Word>(
    Type.Union(
      values.map((value) => Type.Literal(value)),
      options,
    ),
  )
}
