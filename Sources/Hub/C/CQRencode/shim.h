// The encoder of QR codes (ISO/IEC 18004) for Swift.
#pragma once
#include <qrencode.h>
