/* libyaml as it is; no wrapper is needed, its functions and events import whole. */
#pragma once
#include <yaml.h>
