from odoo import models

# What Odoo Pulse reads, by the module that brings it. A model that is not there is passed over; it gets its row when
# its module is installed.
MODELS = (
    # base: scheduled actions, installed modules, companies and their currencies
    'ir.cron',
    'ir.cron.trigger',
    'ir.cron.progress',  # 18 and newer
    'ir.module.module',
    'res.company',
    'res.currency',
    # queue_job
    'queue.job',
    'queue.job.channel',
    # sale
    'sale.order',
    # payment
    'payment.transaction',
    # stock
    'stock.move',
    'stock.picking',
    'stock.picking.type',
    # delivery
    'delivery.carrier',
    # account, account_edi
    'account.move',
    'account.edi.document',
    # point_of_sale
    'pos.order',
    'pos.session',
    # mail
    'mail.mail',
    'mail.notification',
)

# Odoo caps the life of a non-administrator's API key at the longest of its groups (18 and newer), 90 days by default.
API_KEY_DAYS = 365


class IrModelAccess(models.Model):
    _inherit = 'ir.model.access'

    def _register_hook(self):
        super()._register_hook()
        # After an installation or an upgrade of any module, in the one process that did it: an optional module may
        # have come.
        if self.env.registry.updated_modules:
            self._odoo_pulse_grant()

    def _odoo_pulse_grant(self):
        """Gives the group a row that reads, and a rule that hides nothing, for each model that is there.

        The rows bear names of this module: they go when it is uninstalled. `noupdate` keeps `-u` from deleting what
        stands in no data file.
        """
        group = self.env.ref('odoo_pulse_access.group_read', raise_if_not_found=False)
        if not group:
            return
        if 'api_key_duration' in group._fields and group.api_key_duration < API_KEY_DAYS:
            group.sudo().api_key_duration = API_KEY_DAYS
        names = [name for name in MODELS if name in self.env]
        ids = {name: self.env['ir.model']._get_id(name) for name in names}
        self.sudo()._load_records([
            _record('access', name, {
                'group_id': group.id,
                'model_id': ids[name],
                'perm_read': True,
                'perm_write': False,
                'perm_create': False,
                'perm_unlink': False,
            })
            for name in names
        ])
        # Rules of groups widen each other: whatever other group ("own documents only") the user is given, it reads
        # all. The rules by company, which belong to no group, go on narrowing to the companies of the user.
        self.env['ir.rule'].sudo()._load_records([
            _record('rule', name, {
                'groups': [(6, 0, group.ids)],
                'model_id': ids[name],
                'domain_force': "[(1, '=', 1)]",
                'perm_read': True,
                'perm_write': False,
                'perm_create': False,
                'perm_unlink': False,
            })
            for name in names
        ])


def _record(kind, model, values):
    return {
        'xml_id': f"odoo_pulse_access.{kind}_{model.replace('.', '_')}",
        'values': {'name': f'Odoo Pulse reads {model}', 'active': True, **values},
        'noupdate': True,
    }
