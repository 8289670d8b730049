/** The disk and its keeping on the wire (contract §9.5). */

import { type Builder, type Shape, words } from '../schema.js'
import { bytes, count } from './common.js'

export type StorageInfo = Shape<typeof StorageInfo>
export const StorageInfo = (t: Builder) =>
  t.Object({
    total_space: bytes(t),
    used_space: bytes(t),
    available_space: bytes(t),
    usage_percentage: t.Number({ minimum: 0, maximum: 100 }),
    recordings_size: bytes(t),
    snapshots_size: bytes(t),
    low_space_warning: t.Boolean(),
  })

export type RetentionParams = Shape<typeof RetentionParams>
export const RetentionParams = (t: Builder) =>
  t.Object({
    policy_type: words(t, ['age', 'size', 'manual']),
    max_age_days: t.Optional(t.Integer({ minimum: 1, maximum: 365, description: 'Required for `age`' })),
    max_size_gb: t.Optional(
      t.Number({
        exclusiveMinimum: 0,
        maximum: 1000,
        description: 'Required for `size`',
        rule: 'number above 0 and at most 1000',
      }),
    ),
    enabled: t.Boolean(),
  })

export type RetentionPolicy = Shape<typeof RetentionPolicy>
export const RetentionPolicy = (t: Builder) =>
  t.Object({
    policy_type: t.String(),
    max_age_days: t.Optional(t.Integer()),
    max_size_gb: t.Optional(t.Number()),
    enabled: t.Boolean(),
    message: t.String(),
  })

export type Cleanup = Shape<typeof Cleanup>
export const Cleanup = (t: Builder) =>
  t.Object({ cleanup_executed: t.Boolean(), files_deleted: count(t), space_freed: bytes(t), message: t.String() })
