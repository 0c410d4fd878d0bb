"""What was published and cannot be computed: the figures beside which the charts put those of the specs."""

from __future__ import annotations

from typing import NamedTuple


class Point(NamedTuple):
    """A circle of Canziani, Paszke and Culurciello's figure: accuracy in percent, operations in 10^9, parameters in
    10^6, the network of the zoo that it is (None: there is none), and where it is not what its name says."""

    name: str
    top1: float
    gops: float
    params: float
    spec: str | None
    erratum: str = ""


ACCURACY = (
    Point("AlexNet", 54.61, 2.26, 60.97, "alexnet", "its operations are those without groups"),
    Point("BN-AlexNet", 56.60, 1.30, 60.54, "alexnet_bn", "neither figure follows from Torch's alexnetowtbn"),
    Point("BN-NIN", 62.62, 2.52, 8.64, "nin_bn"),
    Point("ENet", 68.40, 1.57, 5.86, None, "the authors' variant for classification, which is not published"),
    Point("GoogLeNet", 68.70, 3.00, 6.99, "googlenet", "its operations are the paper's rounded 1.5 billion, doubled"),
    Point("ResNet-18", 69.57, 3.63, 11.69, "resnet_v1_5:18"),
    Point("VGG-16", 70.62, 30.97, 138.36, "vgg:D"),
    Point("VGG-19", 70.74, 39.29, 143.67, "vgg:E"),
    Point("ResNet-34", 73.27, 7.34, 21.80, "resnet_v1_5:34"),
    Point("ResNet-50", 75.99, 8.21, 25.56, "resnet_v1_5:50"),
    Point("ResNet-101", 77.56, 15.65, 44.60, "resnet_v1_5:101", "biases of convolutions counted"),
    Point("ResNet-152", 77.84, 23.10, 60.27, "resnet_v1_5:152", "biases of convolutions counted"),
    Point("Inception-v3", 78.53, 11.45, 23.85, "inception_v3"),
    Point(
        "Inception-v4",
        80.10,
        18.44,
        31.57,
        "inception_resnet_v2:paper-2048",
        "almost certainly Inception-ResNet-v2: Inception-v4 has 42.68M parameters, 24.5 G-ops and 80.0%",
    ),
)
"""Top-1 of one central crop. Source: acc_vs_net_vs_ops.svg of culurciello.github.io, 18 November 2016, from whose
vectors the values are read; a circle's radius squared, by 10, is its parameters in millions."""


class Entry(NamedTuple):
    """A row of the ILSVRC classification results: its top-5 error in percent, as it is printed and as the organizers
    list it, whether data from outside were used, and what it was."""

    team: str
    year: int
    place: str
    printed: str
    exact: float | None
    outside: str
    remark: str


ILSVRC = (
    Entry("SuperVision (AlexNet)", 2012, "", "16.4", 16.422, "no", "5 networks; one has 18.2 on the validation set"),
    Entry("SuperVision (AlexNet)", 2012, "1st", "15.3", 15.315, "ImageNet 22k", "7 networks, two pre-trained"),
    Entry("Clarifai (ZFNet)", 2013, "", "11.7", 11.743, "no", "several networks"),
    Entry("Clarifai (ZFNet)", 2013, "1st", "11.2", 11.197, "ImageNet 22k", "several networks"),
    Entry("VGG", 2014, "2nd", "7.32", None, "no", "7 networks"),
    Entry("GoogLeNet", 2014, "1st", "6.67", 6.656, "no", "7 networks, 144 crops"),
    Entry("ResNet", 2015, "1st", "3.57", 3.567, "no", "6 networks of different depths, not one of 152 layers"),
)
"""Source: the result pages of ILSVRC 2012 to 2015, and the papers."""
HUMAN = 5.1
"""Of one trained annotator on 1,500 images (Russakovsky et al. 2015)."""


class Step(NamedTuple):
    """A bar of the revolution of depth: an entry, its error in percent, and the network of the zoo with its depth."""

    name: str
    year: int
    error: float
    spec: str | None


DEPTH = (
    Step("shallow", 2010, 28.2, None),
    Step("shallow", 2011, 25.8, None),
    Step("AlexNet", 2012, 16.4, "alexnet"),
    Step("ZFNet", 2013, 11.7, "zfnet"),
    Step("VGG", 2014, 7.3, "vgg:E"),
    Step("GoogLeNet", 2014, 6.7, "googlenet"),
    Step("ResNet", 2015, 3.57, "resnet:152-layer"),
)
