{
    'name': 'Odoo Pulse: Access',
    'summary': 'One group that may read what Odoo Pulse measures, and write nothing',
    'description': 'Access rights for the monitoring user of Odoo Pulse; README.md has the steps.',
    'version': '1.0.0',
    'category': 'Hidden/Tools',
    'author': 'Odoo Pulse',
    'license': 'Other OSI approved licence',
    'depends': ['base'],
    'data': ['security/groups.xml'],
    'installable': True,
}
