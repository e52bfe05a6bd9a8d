-- The role Odoo Pulse reads business flows with, in an Odoo's database: of each table the shipped flows read, the
-- columns they read, and no more. No message, no address, no token of a customer's portal, no credential of a carrier
-- or payment provider is among them, and nothing can be written.
--
-- As a superuser, once for the role, on the primary (a standby gets it by replication); the password is asked for:
--
--   psql --dbname acme --file flows.sql --command '\password odoo_pulse_flows'
--
-- then once in each Odoo database, and again after a module was installed, or a database restored or made anew:
--
--   psql --dbname shop_1 --file flows.sql
--
-- It may be run any number of times; a table or column that isn't there is passed over. A flow of your own, or one
-- narrowed by a further field, says which column it lacks and how to grant it. PostgreSQL 14 and newer.

do $$
begin
  if not exists (select from pg_roles where rolname = 'odoo_pulse_flows') then
    create role odoo_pulse_flows;
  end if;
end
$$;

alter role odoo_pulse_flows login;
alter role odoo_pulse_flows set default_transaction_read_only = on;
-- Optional: without it a standby's lag (odoo_sql_replay_lag_seconds) is told by the age of the newest transaction alone.
-- It also shows the role what other sessions run.
--   grant pg_read_all_stats to odoo_pulse_flows;

do $$
declare
  item record;
  present text;
begin
  execute format('grant connect on database %I to odoo_pulse_flows', current_database());
  grant usage on schema public to odoo_pulse_flows;
  for item in
    select split_part(line, ':', 1) as tab, string_to_array(btrim(split_part(line, ':', 2)), ' ') as cols
    from unnest(array[
      -- What Odoo says of itself.
      'ir_model_fields: *',
      'ir_model_fields_selection: *',
      'ir_module_module: id name state latest_version',
      'res_company: id name active currency_id parent_id',
      'res_currency: id name active',
      -- Background jobs.
      'queue_job: id name state channel company_id user_id model_name method_name priority retry max_retries eta'
        ' date_created date_enqueued date_started date_done date_cancelled exec_time',
      'ir_cron: id cron_name active lastcall nextcall interval_number interval_type create_date write_date',
      'ir_cron_progress: id cron_id done remaining timed_out_counter create_date write_date',
      -- Sales and payments.
      'sale_order: id name reference state company_id team_id user_id website_id create_uid origin amount_total currency_id'
        ' date_order commitment_date create_date write_date',
      'crm_team: id name active',
      'payment_transaction: id reference state operation company_id provider_id acquirer_id amount currency_id date'
        ' last_state_change is_post_processed is_processed create_date write_date',
      'payment_provider: id name',
      'payment_acquirer: id name',
      'sale_order_transaction_rel: transaction_id sale_order_id',
      'pos_order: id name state company_id session_id amount_total date_order create_date write_date',
      'pos_session: id name state config_id start_at stop_at create_date write_date',
      -- Logistics.
      'stock_picking: id name state company_id picking_type_id carrier_id carrier_tracking_ref pos_session_id return_id'
        ' backorder_id sale_id user_id create_uid origin priority scheduled_date date_deadline date_done create_date write_date',
      'stock_picking_type: id name code active company_id warehouse_id sequence_code print_label',
      'stock_move: id name reference state company_id picking_id picking_type_id origin date create_date write_date',
      'stock_warehouse: id name code active company_id',
      'delivery_carrier: id name active integration_level delivery_type',
      -- Accounting.
      'account_move: id name state move_type auto_post company_id journal_id invoice_user_id team_id invoice_origin'
        ' amount_total_signed currency_id date invoice_date create_date write_date',
      'account_journal: id name code type active company_id',
      'account_edi_document: id state move_id edi_format_id blocking_level create_date write_date',
      'account_edi_format: id name code',
      -- Mail.
      'mail_mail: id state failure_type scheduled_date mail_message_id create_date write_date',
      'mail_notification: id mail_message_id mail_mail_id notification_type notification_status failure_type read_date'
    ]) as line
  loop
    if item.cols = array['*'] and to_regclass(format('public.%I', item.tab)) is not null then
      execute format('grant select on public.%I to odoo_pulse_flows', item.tab);
    end if;
    select string_agg(quote_ident(attname), ', ') into present
    from pg_attribute
    where attrelid = to_regclass(format('public.%I', item.tab)) and attnum > 0 and not attisdropped
      and attname = any (item.cols);
    if present is not null then
      execute format('grant select (%s) on public.%I to odoo_pulse_flows', present, item.tab);
    end if;
  end loop;
end
$$;
