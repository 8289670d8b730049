/** The listeners of the RPC face and of the health face. The only user of the web server library. */

export { type DownloadFigures, Downloads, type FilesPort, type StoredFile } from './files/downloads.js'
export { TicketRoute } from './files/ticket-route.js'
export { HealthPages, type HealthSettings } from './health/pages.js'
export type { HealthComponent, HealthPort, HealthReport } from './health/report.js'
export { HlsRoute } from './hls-route.js'
export { ListenError } from './listen.js'
export { MetricsRoute } from './metrics-route.js'
export { PlainServer } from './plain-server.js'
export type { RouteGroup } from './routes.js'
export { createHttpServer, type HttpServer, type HttpServerOptions } from './server.js'
export { DEFAULT_SETTINGS, type HttpServerSettings } from './settings.js'
export { type CredentialPort, Trust } from './trust.js'
