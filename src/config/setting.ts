/** One value as somebody wrote it, before it is checked. */

export interface Setting {
  /** `server.port` */
  readonly path: string
  /** What YAML gives: scalars, arrays, Maps. */
  readonly value: unknown
  /** `config.yaml:12`, the file of the credential, the environment variable, or the option. */
  readonly where: string
  readonly from: 'file' | 'credential' | 'environment' | 'option'
}
