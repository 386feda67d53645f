// What a user of this module handles without importing the modules below it.
@_exported public import struct YOLOGeometry.Box
@_exported public import struct YOLOGeometry.Letterbox
@_exported public import struct YOLOGeometry.Size
@_exported public import enum YOLOGraph.Backend
@_exported public import struct YOLOImage.Image
@_exported public import enum YOLOKernels.InstructionSet
@_exported public import struct YOLOPostprocess.Detection
@_exported public import enum YOLOPostprocess.Findings
@_exported public import struct YOLOPostprocess.Prediction
@_exported public import struct YOLOPostprocess.Speed
@_exported public import struct YOLOValidation.PredictOptions
