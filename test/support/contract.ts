/** The wire contract as the project keeps it (test/contract/contract.json): what every table is held against. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Members, Types } from './contract-types.js'

export interface ContractParam {
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'array' | 'object'
  readonly required: boolean
  readonly required_if?: string
  readonly default?: unknown
  readonly enum?: readonly string[]
  readonly pattern?: string
  readonly rule?: string
  readonly min?: number
  readonly max?: number
  readonly exclusiveMin?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly aliases?: readonly string[]
}

export interface ContractMethod {
  readonly role: 'none' | 'viewer' | 'operator' | 'admin'
  readonly params: Readonly<Record<string, ContractParam>>
  readonly resultKind: 'string-constant' | 'object' | 'array' | 'object-or-null'
  /** Of `string-constant` the constant itself, else members with their types. */
  readonly result: string | Members
  readonly optional?: readonly string[]
  /** Only with compatibility.extra_members. */
  readonly extra?: Members
  readonly errors: readonly number[]
}

export interface ContractRoute {
  readonly method: string
  readonly path: string
  readonly ports: readonly ('server.port' | 'http_health.port')[]
  /** Of the document that is answered to this machine. */
  readonly members: readonly string[]
}

export interface Contract {
  readonly roles: Readonly<Record<string, readonly string[]>>
  readonly types: Types
  readonly methods: Readonly<Record<string, ContractMethod>>
  /** Other name → method. */
  readonly aliases: Readonly<Record<string, string>>
  readonly topics: Readonly<Record<string, { readonly params: Members; readonly aliases?: readonly string[] }>>
  readonly legacyNotifications: Readonly<Record<string, { readonly params: Members; readonly sentFor: readonly string[] }>>
  readonly errors: Readonly<Record<string, { readonly message: string; readonly data: readonly string[] }>>
  readonly errorData: readonly string[]
  readonly filters: Members
  readonly http: readonly ContractRoute[]
}

export const CONTRACT = JSON.parse(readFileSync(join(import.meta.dirname, '../contract/contract.json'), 'utf8')) as Contract
