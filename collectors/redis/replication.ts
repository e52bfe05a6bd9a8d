/** Who replicates from whom, and how far behind? Names as INFO has them, which says slave where Redis says replica. */
import { probe } from '../../src/collector.ts'
import { metric, type Sample, sample, seconds } from '../../src/metric.ts'
import type { RedisClient } from './client.ts'
import { decimal, groupsOf, type Info, notNegative, numberOf } from './info.ts'

/** More than any one server feeds directly. */
const MOST_REPLICAS = 50

export const redisConnectedSlaves = metric({
  name: 'redis_connected_slaves',
  type: 'gauge',
  unit: 'count',
  help: 'Replicas that are connected to this server.',
  labels: ['server'],
  maxSeries: 1,
  inherited: 'redis_exporter',
})

export const redisConnectedSlaveOffset = metric({
  name: 'redis_connected_slave_offset_bytes',
  type: 'gauge',
  unit: 'bytes',
  help: 'Up to where in the stream of replication a replica has said it is.',
  labels: ['server', 'slave_ip', 'slave_port', 'slave_state'],
  maxSeries: MOST_REPLICAS,
  inherited: 'redis_exporter',
})

export const redisConnectedSlaveLag = metric({
  name: 'redis_connected_slave_lag_seconds',
  type: 'gauge',
  unit: 'seconds',
  help: 'For how long a replica that is online has said nothing; absent while it is not.',
  labels: ['server', 'slave_ip', 'slave_port', 'slave_state'],
  maxSeries: MOST_REPLICAS,
  inherited: 'redis_exporter',
})

export const redisMasterReplOffset = metric({
  name: 'redis_master_repl_offset',
  type: 'gauge',
  unit: 'bytes',
  help: 'Where the stream of replication stands on this server.',
  labels: ['server'],
  maxSeries: 1,
  inherited: 'redis_exporter',
})

export const redisMasterLinkUp = metric({
  name: 'redis_master_link_up',
  type: 'gauge',
  unit: 'bool',
  help: 'On a replica: whether its connection to the master is up.',
  labels: ['server', 'master_host', 'master_port'],
  maxSeries: 1,
  inherited: 'redis_exporter',
})

export const redisMasterLastIo = metric({
  name: 'redis_master_last_io_seconds_ago',
  type: 'gauge',
  unit: 'seconds',
  help: 'On a replica: for how long the master has said nothing; absent while the connection is down.',
  labels: ['server', 'master_host', 'master_port'],
  maxSeries: 1,
  inherited: 'redis_exporter',
})

export const redisMasterSyncInProgress = metric({
  name: 'redis_master_sync_in_progress',
  type: 'gauge',
  unit: 'bool',
  help: "On a replica: whether it is being sent the master's whole dataset.",
  labels: ['server', 'master_host', 'master_port'],
  maxSeries: 1,
  inherited: 'redis_exporter',
})

const replicas = (info: Info): readonly Sample[] =>
  groupsOf(info, 'slave')
    .filter(([rest, parts]) => /^\d+$/.test(rest) && parts.has('ip'))
    .flatMap(([, parts]) => {
      const [slave_ip = '', slave_port = '', slave_state = ''] = ['ip', 'port', 'state'].map((name) => parts.get(name))
      const labels = { slave_ip, slave_port, slave_state }
      // one that waits for its first snapshot has lag=0 written for it
      const lag = slave_state === 'online' ? notNegative(decimal(parts.get('lag'))) : undefined
      return [
        ...sample(redisConnectedSlaveOffset, labels, decimal(parts.get('offset'))),
        ...sample(redisConnectedSlaveLag, labels, lag),
      ]
    })

const master = (info: Info): readonly Sample[] => {
  const [master_host, master_port] = [info.fields.get('master_host'), info.fields.get('master_port')]
  const link = info.fields.get('master_link_status')
  if (master_host === undefined || master_port === undefined || link === undefined) return []
  const labels = { master_host, master_port }
  return [
    ...sample(redisMasterLinkUp, labels, Number(link === 'up')),
    ...sample(redisMasterLastIo, labels, notNegative(numberOf(info, 'master_last_io_seconds_ago'))),
    ...sample(redisMasterSyncInProgress, labels, numberOf(info, 'master_sync_in_progress')),
  ]
}

export const replication = probe({
  name: 'replication',
  metrics: [
    redisConnectedSlaves,
    redisConnectedSlaveOffset,
    redisConnectedSlaveLag,
    redisMasterReplOffset,
    redisMasterLinkUp,
    redisMasterLastIo,
    redisMasterSyncInProgress,
  ],
  interval: seconds(15),
  priority: 'essential',
  read: (client: RedisClient, signal) => client.info(signal),
  map: (info) => [
    ...sample(redisConnectedSlaves, {}, numberOf(info, 'connected_slaves')),
    ...sample(redisMasterReplOffset, {}, numberOf(info, 'master_repl_offset')),
    ...replicas(info),
    ...master(info),
  ],
})
