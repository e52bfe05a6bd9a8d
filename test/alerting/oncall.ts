/** An `oncall:` with every kind of receiver, for the tests of routing. */
import type { Oncall } from '../../src/config/oncall.ts'

export const oncall: Oncall = {
  alertmanager_version: '0.25',
  receivers: {
    night: { pagerduty: { routing_key_file: '/etc/alertmanager/pagerduty' } },
    office: {
      email: {
        ...{ to: 'ops@example.com', from: 'pulse@example.com', smarthost: 'mail.example.com:587' },
        ...{ auth_username: 'pulse', auth_password_file: '/etc/alertmanager/mail' },
      },
    },
    sales: { slack: { api_url_file: '/etc/alertmanager/slack', channel: '#sales' } },
    vip: {
      webhook: { url: 'https://hooks.example.com/vip', credentials_file: '/etc/alertmanager/vip' },
      slack: { api_url_file: '/etc/alertmanager/slack', channel: '#vip' },
    },
    platform: { webhook: { url: 'https://hooks.example.com/platform' } },
    deadman: { webhook: { url: 'https://hooks.example.com/deadman' } },
  },
  page: 'night',
  ticket: 'office',
  ticket_hours: 'office-hours',
  telemetry: 'platform',
  watchdog: 'deadman',
  hours: {
    'office-hours': [
      {
        weekdays: ['monday:friday'],
        times: [{ start_time: '08:00', end_time: '18:00' }],
        location: 'Europe/Paris',
      },
    ],
    'shop-hours': [{ weekdays: ['monday:saturday'] }],
  },
  routes: [
    { tenant: ['L\'Été "1"', 'a.b|c'], page: 'vip', ticket: 'vip' },
    { process: ['sales', 'retail'], tier: ['dedicated'], ticket: 'sales', ticket_hours: 'shop-hours' },
  ],
}
