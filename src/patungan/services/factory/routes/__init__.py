"""The public API of factory."""

from patungan.services.factory.routes.calendar import calendar_routes
from patungan.services.factory.routes.documents import document_routes
from patungan.services.factory.routes.factories import factory_routes
from patungan.services.factory.routes.members import member_routes
from patungan.services.factory.routes.statistics import statistics_routes

routes = [*factory_routes, *document_routes, *member_routes, *calendar_routes, *statistics_routes]
