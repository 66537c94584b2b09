# -*- coding: utf-7 -*-
x.__class__