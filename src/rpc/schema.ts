/**
 * The one door to TypeBox. Its types are free, its code is not (12 MB, 70 ms): schemas are functions of its builder, and it is
 * loaded with the first one that is needed, for a check or for the description of the service.
 */

import { createRequire } from 'node:module'
import type { Static, TLiteral, TObject, TSchema, TUnion } from '@sinclair/typebox'

export type { TObject, TSchema }

type TypeBox = typeof import('@sinclair/typebox')
type Compiler = typeof import('@sinclair/typebox/compiler')

export type Builder = TypeBox['Type']

/** A schema on demand. */
export type Schema<Built extends TSchema = TSchema> = (t: Builder) => Built

/** The type behind a schema, as nobody's to change. */
export type Shape<Made extends Schema> = DeepReadonly<Static<ReturnType<Made>>>

type DeepReadonly<Value> = Value extends readonly (infer Entry)[]
  ? readonly DeepReadonly<Entry>[]
  : Value extends object
    ? { readonly [Name in keyof Value]: DeepReadonly<Value[Name]> }
    : Value

export interface Check {
  passes(value: unknown): boolean
  /** JSON pointer of the first fault, such as `/device`; undefined when the value passes. */
  firstFault(value: unknown): string | undefined
}

const require = createRequire(import.meta.url)

export function build<Built extends TSchema>(schema: Schema<Built>): Built {
  return schema((require('@sinclair/typebox') as TypeBox).Type)
}

export function compileCheck(schema: TSchema): Check {
  const { TypeCompiler } = require('@sinclair/typebox/compiler') as Compiler
  const compiled = TypeCompiler.Compile(schema)
  return {
    passes: (value) => compiled.Check(value),
    firstFault: (value) => compiled.Errors(value).First()?.path,
  }
}

/** A closed set of words; `absent` is what its absence means. */
export function words<const Word extends string>(
  t: Builder,
  values: readonly Word[],
  absent?: NoInfer<Word>,
): TUnion<TLiteral<Word>[]> {
  const options = absent === undefined ? {} : { default: absent }
  return t.Union(
    values.map((value) => t.Literal(value)),
    options,
  )
}
