/** The RPC face on several cores. */

export { type CameraFeed, RpcWorkers, type RpcWorkersOptions } from './pool.js'
export type { CallLimits, RpcRules, ThreadFigures, ThrottleRules, TokenRules } from './protocol.js'
