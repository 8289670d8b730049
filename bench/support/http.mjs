// One request, as a client makes it.
import { get } from 'node:http'

/** Status of the whole answer. */
export function answer(port, path, agent) {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, agent }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode))
    }).on('error', reject)
  })
}
