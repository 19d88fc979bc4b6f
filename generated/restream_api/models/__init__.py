# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

"""The objects of the contract."""

from .acknowledgement import Acknowledgement
from .acknowledgements import Acknowledgements
from .aggregations_by_site import AggregationsBySite
from .change_log import ChangeLog
from .component import Component
from .component_configuration import ComponentConfiguration
from .component_type import ComponentType
from .condition_logic import ConditionLogic
from .condition_logic_schema import ConditionLogicSchema
from .condition_logic_set import ConditionLogicSet
from .customer import Customer
from .data_change import DataChange
from .error import Error
from .field import Field
from .field_value import FieldValue
from .fill_method import FillMethod
from .fleet import Fleet
from .measurement_location import MeasurementLocation
from .measurement_source import MeasurementSource
from .measurement_sources import MeasurementSources
from .new_parameter import NewParameter
from .new_parameter_condition import NewParameterCondition
from .new_parameter_config import NewParameterConfig
from .pad import Pad
from .parameter import Parameter
from .parameter_condition import ParameterCondition
from .parameter_config import ParameterConfig
from .parameter_patch import ParameterPatch
from .parameter_replacement import ParameterReplacement
from .parameters_valid import ParametersValid
from .primary_field_values import PrimaryFieldValues
from .record import Record
from .resolution import Resolution
from .resolution_aggregation import ResolutionAggregation
from .simops_config import SimopsConfig
from .site import Site
from .site_component_configuration import SiteComponentConfiguration
from .site_metadata import SiteMetadata
from .source_field_values import SourceFieldValues
from .stage import Stage
from .stage_aggregations import StageAggregations
from .state import State
from .state_pad import StatePad
from .state_site import StateSite
from .token import Token
from .token_request import TokenRequest
from .truth_table import TruthTable
from .truth_table_row import TruthTableRow
from .truth_table_schema import TruthTableSchema

__all__ = (
    "Acknowledgement",
    "Acknowledgements",
    "AggregationsBySite",
    "ChangeLog",
    "Component",
    "ComponentConfiguration",
    "ComponentType",
    "ConditionLogic",
    "ConditionLogicSchema",
    "ConditionLogicSet",
    "Customer",
    "DataChange",
    "Error",
    "Field",
    "FieldValue",
    "FillMethod",
    "Fleet",
    "MeasurementLocation",
    "MeasurementSource",
    "MeasurementSources",
    "NewParameter",
    "NewParameterCondition",
    "NewParameterConfig",
    "Pad",
    "Parameter",
    "ParameterCondition",
    "ParameterConfig",
    "ParameterPatch",
    "ParameterReplacement",
    "ParametersValid",
    "PrimaryFieldValues",
    "Record",
    "Resolution",
    "ResolutionAggregation",
    "SimopsConfig",
    "Site",
    "SiteComponentConfiguration",
    "SiteMetadata",
    "SourceFieldValues",
    "Stage",
    "StageAggregations",
    "State",
    "StatePad",
    "StateSite",
    "Token",
    "TokenRequest",
    "TruthTable",
    "TruthTableRow",
    "TruthTableSchema",
)
