/** The listener of the RPC face. The only user of the web server library. */

export { ListenError } from './listen.js'
export { createHttpServer, type HttpServer, type HttpServerOptions } from './server.js'
export { DEFAULT_SETTINGS, type HttpServerSettings } from './settings.js'
