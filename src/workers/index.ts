/** The RPC face on several cores. */

export { type CameraFeed, RpcWorkers } from './pool.js'
