using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using TorrentPS.Commands;

namespace TorrentPS.Tests.Formatting;

/// <summary>The module's text for people is made safe in one place for each stream; these tests find code that bypasses it.</summary>
public sealed class StreamTests
{
    private static readonly (string Member, string Place)[] s_places =
    [
        ("Cmdlet.WriteWarning", "ModuleCommand"),
        ("Cmdlet.WriteVerbose", "ModuleCommand"),
        ("Cmdlet.WriteDebug", "ModuleCommand"),
        ("Cmdlet.WriteInformation", "ModuleCommand"),
        ("Cmdlet.WriteProgress", "ModuleCommand"),
        ("Cmdlet.ShouldProcess", "ModuleCommand"),
        ("Cmdlet.ShouldContinue", "ModuleCommand"),
        ("ErrorRecord..ctor", "ErrorRecords"),
        ("ProgressRecord..ctor", "ProgressText"),
        ("WarningRecord..ctor", "TorrentJob"),
        ("VerboseRecord..ctor", "TorrentJob"),
        ("DebugRecord..ctor", "TorrentJob"),
        ("InformationRecord..ctor", "TorrentJob"),
        ("CompletionResult..ctor", "CompletionText"),
    ];

    [Fact]
    public void Each_stream_is_written_in_the_one_place_that_makes_text_safe()
    {
        using FileStream file = File.OpenRead(typeof(TorrentCommand).Assembly.Location);
        using PEReader reader = new(file);
        MetadataReader metadata = reader.GetMetadataReader();
        Dictionary<string, int[]> tokens = metadata.MemberReferences.GroupBy(handle => NameOf(metadata, handle))
            .ToDictionary(group => group.Key, group => group.Select(handle => MetadataTokens.GetToken(handle)).ToArray());
        int seen = 0;
        foreach (MethodDefinition method in metadata.MethodDefinitions.Select(metadata.GetMethodDefinition).Where(method => method.RelativeVirtualAddress != 0))
        {
            byte[] code = reader.GetMethodBody(method.RelativeVirtualAddress).GetILBytes()!;
            string type = OutermostOf(metadata, method.GetDeclaringType());
            foreach ((string member, string place) in s_places)
            {
                if (!tokens.GetValueOrDefault(member, []).Any(token => Calls(code, token)))
                    continue;
                Assert.True(type == place, $"{type}.{metadata.GetString(method.Name)} calls {member}, which is {place}'s part.");
                seen++;
            }
        }
        Assert.True(seen >= 8, $"{seen} calls were found.");
    }

    private static string NameOf(MetadataReader metadata, MemberReferenceHandle handle)
    {
        MemberReference member = metadata.GetMemberReference(handle);
        string type = member.Parent.Kind == HandleKind.TypeReference ? metadata.GetString(metadata.GetTypeReference((TypeReferenceHandle)member.Parent).Name) : "";
        // Methods of Cmdlet may be referenced as those of a derived class.
        return type == "PSCmdlet" ? $"Cmdlet.{metadata.GetString(member.Name)}" : $"{type}.{metadata.GetString(member.Name)}";
    }

    private static string OutermostOf(MetadataReader metadata, TypeDefinitionHandle handle)
    {
        TypeDefinition type = metadata.GetTypeDefinition(handle);
        while (type.IsNested)
            type = metadata.GetTypeDefinition(type.GetDeclaringType());
        return metadata.GetString(type.Name);
    }

    // call, callvirt, newobj and ldftn are followed by the token.
    private static bool Calls(byte[] code, int token)
    {
        for (int i = 0; i + 4 < code.Length; i++)
        {
            if ((code[i] is 0x28 or 0x6F or 0x73 or 0x06) && BitConverter.ToInt32(code, i + 1) == token)
                return true;
        }
        return false;
    }
}
