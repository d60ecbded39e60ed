using System.Management.Automation;
using TorrentPS.Engine.Display;
using TorrentPS.Engine.Trackers;

namespace TorrentPS.Arguments;

/// <summary>Accepts an address that can be announced to trackers.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed class AnnouncedAddressTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        try
        {
            return AnnouncedAddress.Parse($"{inputData}");
        }
        catch (FormatException exception)
        {
            throw new ArgumentTransformationMetadataException(SafeText.Escape(exception.Message));
        }
    }
}
