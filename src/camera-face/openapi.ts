/** The description of this face, made from the table of routes. Pure. */

import type { QueryParameter, Route } from './request/call.js'

const PUBLIC = 'Open to everybody.'

export function openApi(routes: readonly Route[], version: string): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const route of routes) {
    const path = route.path.replace('...}', '}')
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route) }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Camera server', version },
    paths,
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        key: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
        ticket: { type: 'apiKey', in: 'query', name: 'ticket' },
      },
      schemas: {
        Error: {
          type: 'object',
          required: ['detail', 'code'],
          properties: { detail: { type: ['string', 'array'] }, code: { type: 'string' } },
        },
      },
    },
  }
}

function operation(route: Route): Record<string, unknown> {
  const names = [...route.path.matchAll(/\{(\w+)/g)].map((match) => match[1] ?? '')
  const security = route.ticket === undefined ? [{ token: [] }, { key: [] }] : [{ token: [] }, { key: [] }, { ticket: [] }]
  return {
    summary: route.doc,
    description: route.role === undefined ? PUBLIC : `Needs the role ${route.role}, or a direct request from this machine.`,
    ...(route.role === undefined ? {} : { security }),
    parameters: [
      ...names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
      ...(route.query ?? []).map(queryParameter),
    ],
    responses: {
      '200': { description: 'Done' },
      default: { description: 'Refused', content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } } },
    },
  }
}

function queryParameter({ name, doc, schema }: QueryParameter): Record<string, unknown> {
  return { name, in: 'query', description: doc, schema }
}
