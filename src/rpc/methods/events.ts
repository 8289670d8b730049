import { defineMethod } from '../method.js'
import { NoParams, Subscribed, SubscribeParams, SubscriptionStats, Unsubscribed, UnsubscribeParams } from '../shapes.js'

export const subscribeEvents = defineMethod({
  name: 'subscribe_events',
  role: 'viewer',
  summary: 'Subscribes the connection to topics, in place of what it was subscribed to before.',
  params: SubscribeParams,
  result: Subscribed,
  errors: [],
  run: ({ subscriptions }, { topics, filters = {} }, session) => ({
    subscribed: true,
    topics: subscriptions.subscribe(session, topics, { ...filters }),
    filters,
  }),
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
