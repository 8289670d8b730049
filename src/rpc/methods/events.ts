import { defineMethod } from '../method.js'
import type { Shape } from '../schema.js'
import type { Services } from '../services.js'
import { NoParams } from '../shapes/common.js'
import { Subscribed, SubscribeParams, SubscriptionStats, Unsubscribed, UnsubscribeParams } from '../shapes/events.js'
import type { Subscriptions } from '../subscriptions.js'

export const subscribeEvents = defineMethod({
  name: 'subscribe_events',
  role: 'viewer',
  summary:
    'Subscribes the connection to topics, in place of what it was subscribed to before. With `epoch` and `since_seq` the events that the ' +
    'client has missed follow the answer, or `resync` is true and `state` tells how things are.',
  params: SubscribeParams,
  result: Subscribed,
  errors: [],
  run: ({ subscriptions, services }, { topics, filters = {}, epoch, since_seq: sinceSeq }, session) => {
    if (epoch === undefined && sinceSeq === undefined) {
      return { subscribed: true, topics: subscriptions.subscribe(session, topics, { ...filters }), filters }
    }
    const position = subscriptions.resume(session, topics, { ...filters }, { epoch, sinceSeq })
    return {
      ...{ subscribed: true, topics: subscriptions.topicsOf(session), filters, ...position },
      ...(position.resync && { state: stateOfNow(services, subscriptions, session.linkHost) }),
    }
  },
})

export const unsubscribeEvents = defineMethod({
  name: 'unsubscribe_events',
  role: 'viewer',
  summary: 'Ends the subscription to some topics, or to all.',
  params: UnsubscribeParams,
  result: Unsubscribed,
  errors: [],
  run: ({ subscriptions }, { topics }, session) => ({
    unsubscribed: true,
    topics: subscriptions.unsubscribe(session, topics),
  }),
})

export const getSubscriptionStats = defineMethod({
  name: 'get_subscription_stats',
  role: 'viewer',
  summary: 'Subscriptions of all connections in numbers, and of this one by name.',
  params: NoParams,
  result: SubscriptionStats,
  errors: [],
  run: ({ subscriptions }, _params, session) => ({
    global_stats: subscriptions.counts(),
    client_topics: subscriptions.topicsOf(session),
    client_id: session.clientId,
  }),
})

function stateOfNow(
  services: Services,
  subscriptions: Subscriptions,
  linkHost: string,
): NonNullable<Shape<typeof Subscribed>['state']> {
  const { cameras } = services.cameras.list(linkHost).value
  return {
    cameras,
    recordings: cameras.flatMap(({ device }) => services.recordings.status(device) ?? []),
    health: subscriptions.states('system.health').at(-1) ?? null,
  }
}
