"""Who may see and change carriers: the named rules, the same for every one of these admins."""


class Ruled:
    view_rule = "carriers.manage"
    manage_rule = "carriers.manage"
