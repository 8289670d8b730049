/** The token of this tab. It goes into a header, never into an address. */

const KEY = 'camera-service-token'

export const session = {
  get token(): string | undefined {
    return sessionStorage.getItem(KEY) ?? undefined
  },
  keep(token: string): void {
    sessionStorage.setItem(KEY, token)
  },
  forget(): void {
    sessionStorage.removeItem(KEY)
  },
}
