/** The address of a stream as people may see it. Pure. */

const HIDDEN = '***'
const SECRET_PARAMETERS = /^(?:.*(?:pass|pwd|secret|token).*|key|auth)$/i
/** Cheap cameras want the password in the path: `/user=admin_password=secret_channel=1`, `/live;pwd=secret`. */
const SECRET_IN_PATH = /((?:pass(?:w(?:or)?d)?|pwd|secret|token)=)[^/&;]+/gi

/** Without password, and without what looks like a secret in path and query. */
export function shownAddress(address: URL): string {
  const { protocol, username, password, port } = address
  const user = username === '' ? '' : `${username}${password === '' ? '' : `:${HIDDEN}`}@`
  return `${protocol}//${user}${address.hostname.toLowerCase()}${port === '' ? '' : `:${Number(port)}`}${withoutSecrets(address)}`
}

/** Path and query. */
export function withoutSecrets({ pathname, search }: URL): string {
  const path = pathname.replace(SECRET_IN_PATH, `$1${HIDDEN}`)
  if (search === '') return path
  return `${path}?${search.slice(1).replace(/[^&;]+/g, hidden)}`
}

function hidden(part: string): string {
  const name = part.split('=', 1)[0] ?? ''
  return SECRET_PARAMETERS.test(name) && name !== part ? `${name}=${HIDDEN}` : part
}
