// The list of kernel families, compiled once per target.
#include "kernels/families.h"

#define AXONE_STRING_(x) #x
#define AXONE_STRING(x) AXONE_STRING_(x)

namespace axone {
namespace AXONE_TARGET {

#define AXONE_FAMILY(family) extern const KernelFamily family;
AXONE_KERNEL_FAMILIES
#undef AXONE_FAMILY

namespace {
#define AXONE_FAMILY(family) &family,
const KernelFamily* const kFamilies[] = {AXONE_KERNEL_FAMILIES};
#undef AXONE_FAMILY
}  // namespace

extern const KernelTarget target;
const KernelTarget target = {AXONE_STRING(AXONE_TARGET), AXONE_VECTOR_BYTES, kFamilies,
                             sizeof(kFamilies) / sizeof(kFamilies[0])};

}  // namespace AXONE_TARGET
}  // namespace axone
