using System.Management.Automation;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Arguments;

/// <summary>Takes 40 (v1) or 64 (v2) hexadecimal digits.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed class ValidateInfoHashAttribute : ValidateArgumentsAttribute
{
    /// <inheritdoc/>
    protected override void Validate(object arguments, EngineIntrinsics engineIntrinsics)
    {
        if (!InfoHash.TryParse(arguments as string, out _))
            throw new ValidationMetadataException($"'{arguments}' is no info hash. Give its 40 (v1) or 64 (v2) hexadecimal digits, as Get-TorrentInfo shows them.");
    }
}
