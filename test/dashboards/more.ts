/** What the demo's estate lacks, or has not at the hour of the recording, as lines of a metrics page; times are since the recording. */
export const MORE = `
pg_stat_archiver_archived_count{server="pg-primary"} 12
pg_stat_archiver_failed_count{server="pg-primary"} 1
pg_stat_archiver_last_archive_age{server="pg-primary"} 300
pg_stat_archiver_last_archived_timestamp_seconds{server="pg-primary"} -300
pg_stat_archiver_last_failed_timestamp_seconds{server="pg-primary"} -60
pg_sequences_max_used_ratio{server="pg-primary",datname="acme"} 0.4
redis_master_link_up{server="redis-replica",master_host="redis",master_port="6379"} 0
odoo_ingress_retries_total{server="edge",tenant="acme"} 3
odoo_ingress_streams_total{server="edge",tenant="acme",protocol="websocket",code="101"} 9
odoo_pulse_dropped_samples_total{target="acme",collector="odoo",probe="crons",reason="duplicate"} 2
odoo_business_window_active{tenant="acme",business_window="last-truck",kind="cut-off",process="logistics",warehouse=""} 1
odoo_business_window_active{tenant="acme",business_window="office-hours",kind="open",process="accounting",warehouse=""} 1
odoo_flow_verdicts{tenant="acme",flow="invoice-posting",window="1h",result="good"} 7
odoo_flow_verdicts{tenant="acme",flow="invoice-posting",window="1h",result="bad"} 1
odoo_flow_verdicts{tenant="acme",flow="shipment-validation",window="1h",result="good"} 5
`
