/** viewer < operator < admin; each includes the lower (contract §5). */

export const ROLES = ['viewer', 'operator', 'admin'] as const

export type Role = (typeof ROLES)[number]

/** `permissions` in the result of `authenticate`. */
export const PERMISSIONS: Readonly<Record<Role, readonly string[]>> = {
  viewer: ['view'],
  operator: ['view', 'control'],
  admin: ['view', 'control', 'admin'],
}

export function isRole(value: unknown): value is Role {
  return value === 'viewer' || value === 'operator' || value === 'admin'
}

/** Whether a session of role `have` may do what needs `required`. */
export function roleIncludes(have: Role, required: Role): boolean {
  return ROLES.indexOf(have) >= ROLES.indexOf(required)
}
