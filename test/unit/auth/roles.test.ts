import { expect, it } from 'vitest'
import { isRole, PERMISSIONS, ROLES, roleIncludes } from '../../../src/auth/index.js'

it('each role includes the lower ones and no higher', () => {
  const table = ROLES.map((have) => ROLES.map((required) => roleIncludes(have, required)))
  expect(table).toEqual([
    [true, false, false],
    [true, true, false],
    [true, true, true],
  ])
})

it('gives the permissions of the contract', () => {
  expect(PERMISSIONS).toEqual({ viewer: ['view'], operator: ['view', 'control'], admin: ['view', 'control', 'admin'] })
})

it.each(['', 'Admin', 'root', 'toString', null, undefined, 3, ['admin']])('%j is no role', (value) => {
  expect(isRole(value)).toBe(false)
})
