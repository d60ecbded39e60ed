using System.Management.Automation;
using TorrentPS.Engine.Display;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Arguments;

/// <summary>Accepts 40 (v1) or 64 (v2) hexadecimal digits, or several such values.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed class ValidateInfoHashAttribute : ValidateEnumeratedArgumentsAttribute
{
    /// <inheritdoc/>
    protected override void ValidateElement(object element)
    {
        if (!InfoHash.TryParse(element as string, out _))
            throw new ValidationMetadataException(SafeText.Escape($"'{element}' is not an info hash. Give its 40 (v1) or 64 (v2) hexadecimal digits, as Get-TorrentInfo shows them."));
    }
}
