import { defineNearMethod, type StateOfNow } from '../method.js'
import { NoParams } from '../shapes/common.js'
import { Subscribed, SubscribeParams, SubscriptionStats, Unsubscribed, UnsubscribeParams } from '../shapes/events.js'
import type { SubscriptionCounts } from '../subscriptions.js'

export const subscribeEvents = defineNearMethod({
  name: 'subscribe_events',
  role: 'viewer',
  summary:
    'Subscribes the connection to topics, in place of what it was subscribed to before. With `epoch` and `since_seq` the events that the ' +
    'client has missed follow the answer, or `resync` is true and `state` tells how things are.',
  params: SubscribeParams,
  result: Subscribed,
  errors: [],
  run: ({ subscriptions, whole }, { topics, filters = {}, epoch, since_seq: sinceSeq }, session) => {
    if (epoch === undefined && sinceSeq === undefined) {
      return { subscribed: true, topics: subscriptions.subscribe(session, topics, { ...filters }), filters }
    }
    const position = subscriptions.resume(session, topics, { ...filters }, { epoch, sinceSeq })
    const answer = { subscribed: true, topics: subscriptions.topicsOf(session), filters, ...position }
    return position.resync ? also(whole.state(session.linkHost), (state) => ({ ...answer, state })) : answer
  },
})

export const unsubscribeEvents = defineNearMethod({
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

export const getSubscriptionStats = defineNearMethod({
  name: 'get_subscription_stats',
  role: 'viewer',
  summary: 'Subscriptions of all connections in numbers, and of this one by name.',
  params: NoParams,
  result: SubscriptionStats,
  errors: [],
  run: ({ whole, subscriptions }, _params, session) =>
    also(whole.counts(), (global_stats) => ({
      global_stats,
      client_topics: subscriptions.topicsOf(session),
      client_id: session.clientId,
    })),
})

/** Goes on with a value that is there, or when it comes. */
function also<Value extends StateOfNow | SubscriptionCounts, Next>(
  value: Value | Promise<Value>,
  next: (value: Value) => Next,
): Next | Promise<Next> {
  return value instanceof Promise ? value.then(next) : next(value)
}
