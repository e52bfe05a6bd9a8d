/** Who is connected, and who found no place? */
import { probe } from '../../src/collector.ts'
import { type MetricDescriptor, metric, sample, seconds } from '../../src/metric.ts'
import type { RedisClient } from './client.ts'
import { numberOf } from './info.ts'

const clientsGauge = (name: string, help: string): MetricDescriptor<'server'> =>
  metric({ name, type: 'gauge', unit: 'count', help, labels: ['server'], maxSeries: 1, inherited: 'redis_exporter' })

const connectionsCounter = (name: string, help: string): MetricDescriptor<'server'> =>
  metric({ name, type: 'counter', unit: 'count', help, labels: ['server'], maxSeries: 1, inherited: 'redis_exporter' })

export const redisConnectedClients = clientsGauge(
  'redis_connected_clients',
  'Connections of clients, replicas left out.',
)
export const redisBlockedClients = clientsGauge(
  'redis_blocked_clients',
  'Clients that wait in a blocking command such as BLPOP.',
)
export const redisMaxClients = clientsGauge('redis_max_clients', 'The most connections there may be, by maxclients.')
export const redisConnectionsReceived = connectionsCounter('redis_connections_received_total', 'Connections accepted.')
export const redisRejectedConnections = connectionsCounter(
  'redis_rejected_connections_total',
  'Connections turned away because maxclients was reached.',
)

const FIELDS: readonly (readonly [MetricDescriptor<'server'>, string])[] = [
  [redisConnectedClients, 'connected_clients'],
  [redisBlockedClients, 'blocked_clients'],
  [redisMaxClients, 'maxclients'],
  [redisConnectionsReceived, 'total_connections_received'],
  [redisRejectedConnections, 'rejected_connections'],
]

export const clients = probe({
  name: 'clients',
  metrics: FIELDS.map(([metric]) => metric),
  interval: seconds(15),
  priority: 'essential',
  read: (client: RedisClient, signal) => client.info(signal),
  map: (info) => FIELDS.flatMap(([metric, field]) => sample(metric, {}, numberOf(info, field))),
})
