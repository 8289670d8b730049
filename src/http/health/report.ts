/** What the health pages know of the service. Plain facts; who finds them out is no matter of this folder. */

export type HealthWord = 'healthy' | 'degraded' | 'unhealthy'

export interface HealthComponent {
  readonly name: string
  /** `stopped`: not wanted here, and not counted. */
  readonly status: HealthWord | 'stopped'
  /** One sentence for people. */
  readonly message: string
  readonly lastCheckedWallMs: number
  readonly details?: Readonly<Record<string, unknown>>
}

export interface HealthReport {
  readonly status: HealthWord
  readonly components: readonly HealthComponent[]
  /** Component and word, such as `mediamtx is unhealthy`; undefined: able to serve, if `HealthPort.notReady` does not say otherwise. */
  readonly notReady: string | undefined
}

export interface HealthPort {
  readonly version: string
  /** Name of the kind of installation. */
  readonly environment: string
  uptimeMs(): number
  /** Why the service is not alive any more; undefined while it is. At once, whatever hangs. */
  notAlive(): string | undefined
  /** Why it cannot serve now, as far as that is known without a look at anything. At once, whatever hangs. */
  notReady(): string | undefined
  report(): Promise<HealthReport>
  /** `cameras`, `total` and `connected` as one JSON object, with links for a client that used `host`. */
  camerasJson(host: string): string
}
