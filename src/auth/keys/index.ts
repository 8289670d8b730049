export {
  addKey,
  dropExpired,
  getKey,
  type KeyTotals,
  keyTotals,
  listKeys,
  type NewKey,
  revokeKey,
  rotateKeys,
} from './changes.js'
export { KeyFile, type KeyFileOptions, type Records } from './key-file.js'
export { Keyring, type KeyringOptions } from './keyring.js'
export { type KeyRecord, type KeyShape, type KeyStatus, shapeOf } from './record.js'
export type { KeyFormat, KeyMaking } from './secret.js'
